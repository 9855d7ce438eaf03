-- Gives a message another body. A stream's entries cannot be changed, so it goes to the hash of those that were redacted.
-- KEYS: meta, stream, redacted. ARGV: epoch and offset of the message, body, length, age ms. Returns 1, or 0 if it is not there.

local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
local offset, age = tonumber(ARGV[2]), tonumber(ARGV[5])
if meta[1] ~= ARGV[1] then
  return 0
end
local oldest = tonumber(meta[2]) - tonumber(ARGV[4]) + 1
if offset < math.max(1, oldest) then
  return 0
end

local function named(place)
  return ARGV[1] .. '-' .. string.format('%.0f', place)
end

local id = string.format('%.0f', offset) .. '-0'
local entry = redis.call('XRANGE', KEYS[2], id, id)[1]
local time
if entry then
  time = entry[2][2]
else
  time = string.match(redis.call('HGET', KEYS[3], named(offset)) or '', '^%d+')
end
if not time or tonumber(time) < now() - age then
  return 0
end

for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
  local epoch, place = string.match(field, '^(.*)-(%d+)$')
  if epoch ~= ARGV[1] or tonumber(place) < oldest then
    redis.call('HDEL', KEYS[3], field)
  end
end
redis.call('HSET', KEYS[3], named(offset), time .. ' ' .. ARGV[3])
redis.call('PEXPIRE', KEYS[3], 2 * age)
redis.call('XDEL', KEYS[2], id)
return 1
