-- Stores a message, and publishes it with its position by any command.
-- ARGV, after those of `append`: "json" or "msgpack"; the command as marks, one character each: `=` stands for the next of
-- the arguments that follow, `i` for the position as text, `p` for it as an array of epoch and offset, and `,` ends a word;
-- then the arguments.
-- Returns what `append` does and, if it was stored but could not be published, the reason.

local stored = append()
if stored[3] == 1 then
  return stored
end
local epoch, offset = stored[1], string.format('%.0f', stored[2])
local text, pair
if ARGV[7] == 'json' then
  text = '"' .. epoch .. '-' .. offset .. '"'
  pair = '["' .. epoch .. '",' .. offset .. ']'
else
  text = cmsgpack.pack(epoch .. '-' .. offset)
  pair = cmsgpack.pack({ epoch, stored[2] })
end

local words, parts, nth = {}, {}, 9
for mark in string.gmatch(ARGV[8], '.') do
  if mark == '=' then
    parts[#parts + 1] = ARGV[nth]
    nth = nth + 1
  elseif mark == 'i' then
    parts[#parts + 1] = text
  elseif mark == 'p' then
    parts[#parts + 1] = pair
  else
    words[#words + 1] = table.concat(parts)
    parts = {}
  end
end
local published = redis.pcall(unpack(words))
if type(published) == 'table' and published['err'] then
  stored[4] = published['err']
end
return stored
