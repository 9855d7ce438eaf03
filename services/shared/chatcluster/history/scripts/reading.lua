-- What `since` and `before` share. An entry is {'<offset>-0', {'t', milliseconds, 'b', body}}.

local function offset_of(entry)
  return tonumber(string.match(entry[1], '^%d+'))
end

local function over_age(entry, horizon)
  return tonumber(entry[2][2]) < horizon
end

-- At most `count` entries below offset `stop`, newest first; none that the retention took.
local function newest(stop, oldest, count, horizon)
  local young = {}
  if count < 1 or stop <= oldest then
    return young
  end
  for i, entry in ipairs(redis.call('XREVRANGE', KEYS[2], stop - 1, oldest, 'COUNT', count)) do
    if over_age(entry, horizon) then
      break
    end
    young[i] = entry
  end
  return young
end

-- {epoch, head, complete, offset, body, offset, body, ...}: `count` entries, from entries[first] on, step by step.
local function slice(epoch, head, complete, entries, first, count, step)
  local reply = { epoch, head, complete and 1 or 0 }
  for i = 0, count - 1 do
    local entry = entries[first + i * step]
    reply[4 + 2 * i] = offset_of(entry)
    reply[5 + 2 * i] = entry[2][4]
  end
  return reply
end
