"""What every program needs that speaks in the chat: messages, and jobs for workers."""
