-- Tag values, storing those that bring their bytes and are not there.
-- ARGV: S, tag, provisional 0/1, Q or '' and W, session, T, attempt of a claim, then (H, bytes or '', offload 0/1) …
-- Returns: {'OK', HAVE | STORED | WRITE name, for each}; {'FENCED'}
-- Law: a value that goes to the offload is tagged when its bytes are there (`commit`), under a name never used before.
-- include: store clock object claim
local tag = ARGV[2]
if ARGV[4] ~= '' and not claim_holds(unpack(ARGV, 4, 8)) then
  return {'FENCED'}
end

local function fresh_name(hash)
  local name, number = hash, 0
  while redis.call('ZSCORE', S .. ':doomed', name) do
    number = number + 1
    name = hash .. '-' .. number
  end
  return name
end

local function place(hash, bytes, is_large)
  if has_value(hash) then
    tag_value(tag, hash)
    return 'HAVE'
  elseif is_large then
    return 'WRITE ' .. fresh_name(hash)
  end
  store_value(tag, hash, bytes)
  return 'STORED'
end

if ARGV[3] == '1' then
  redis.call('ZADD', S .. ':provisional', now, tag)
end
local reply = {'OK'}
for at = 9, #ARGV, 3 do
  reply[#reply + 1] = place(ARGV[at], ARGV[at + 1], ARGV[at + 2] == '1')
end
return reply
