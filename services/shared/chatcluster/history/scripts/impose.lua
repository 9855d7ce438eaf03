-- Keeps a sanction. ARGV: id, what is kept, the time before which those that ended are forgotten.

local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local ends = tonumber(string.match(fields[i + 1], '^(%S+) ') or '')
  if fields[i] ~= 'version' and ends and ends <= tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], fields[i])
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
changed()
return 1
