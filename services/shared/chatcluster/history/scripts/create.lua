-- A room of the directory. KEYS: the directory, a sorted set of names by the time of their creation.
-- ARGV: name, created, limit. Returns 1 (created), 0 (was there), -1 (full).

if redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  return -1
end
return redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
