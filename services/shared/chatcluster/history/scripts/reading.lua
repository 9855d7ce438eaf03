-- What `since` and `before` share. An entry is {'<offset>-0', {'t', milliseconds, 'b', body}}.

local function offset_of(entry)
  return tonumber(string.match(entry[1], '^%d+'))
end

local function over_age(entry, horizon)
  return tonumber(entry[2][2]) < horizon
end

-- `entries`, the first `count` of the stream between two offsets in the order that `before` says, with those that were redacted
-- in their places; at most `count`.
local function with_redacted(entries, epoch, from, to, count, before)
  if redis.call('EXISTS', KEYS[3]) == 0 then
    return entries
  end
  local fields = redis.call('HGETALL', KEYS[3])
  for i = 1, #fields, 2 do
    local life, place = string.match(fields[i], '^(.*)-(%d+)$')
    if life == epoch and tonumber(place) >= from and tonumber(place) <= to then
      local time, body = string.match(fields[i + 1], '^(%d+) (.*)$')
      entries[#entries + 1] = { place .. '-0', { 't', time, 'b', body } }
    end
  end
  table.sort(entries, before)
  for i = #entries, count + 1, -1 do
    entries[i] = nil
  end
  return entries
end

local function older(one, other)
  return offset_of(one) < offset_of(other)
end

local function newer(one, other)
  return offset_of(one) > offset_of(other)
end

-- At most `count` entries below offset `stop`, newest first; none that the retention took.
local function newest(epoch, stop, oldest, count, horizon)
  local young = {}
  if count < 1 or stop <= oldest then
    return young
  end
  local entries = redis.call('XREVRANGE', KEYS[2], stop - 1, oldest, 'COUNT', count)
  for i, entry in ipairs(with_redacted(entries, epoch, oldest, stop - 1, count, newer)) do
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
