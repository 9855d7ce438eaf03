-- The last messages before a position.
-- KEYS: meta, stream, redacted. ARGV: epoch (if the room has none), idle ms, length, age ms, epoch and offset of the position (an
-- empty epoch: from the newest on), limit.

local epoch, head = room(ARGV[1], ARGV[2])
local oldest = math.max(1, head - tonumber(ARGV[3]) + 1)
local horizon = now() - tonumber(ARGV[4])
local limit = tonumber(ARGV[7])

local stop = head + 1
if ARGV[5] == epoch then
  stop = math.min(stop, tonumber(ARGV[6]))
elseif ARGV[5] ~= '' then
  stop = 0
end
-- One more than asked for tells whether there are older ones.
local entries = newest(epoch, stop, oldest, limit + 1, horizon)
local count = math.min(limit, #entries)
return slice(epoch, head, #entries <= limit, entries, count, count, -1)
