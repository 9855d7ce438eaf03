-- Forgets a sanction. ARGV: its id. Returns 1, or 0 if there is none.

if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  return 0
end
changed()
return 1
