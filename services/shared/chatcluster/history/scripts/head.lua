-- Where a room stands. KEYS: meta, stream. ARGV: epoch (if the room has none), idle ms. Returns {epoch, offset}.

local epoch, head = room(ARGV[1], ARGV[2])
return { epoch, head }
