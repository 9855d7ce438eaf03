"""chatcluster: many Socket.IO servers, one chat."""
