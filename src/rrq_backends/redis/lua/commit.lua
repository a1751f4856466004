-- Tag values whose bytes now lie in the offload.
-- ARGV: S, tag, Q or '' and W, session, T, attempt of a claim, then (H, name, size) …
-- Returns: {'OK', 1 | 0 for each}, 0: the name is given up, delete it and put again; {'FENCED'}
-- Law: no value refers to a name that may be deleted; a second writer's copy is given up.
-- include: store clock object claim
local tag = ARGV[2]
if ARGV[3] ~= '' and not claim_holds(unpack(ARGV, 3, 7)) then
  return {'FENCED'}
end

local function commit(hash, name, size)
  if has_value(hash) then
    local kept = string.match(redis.call('HGET', S .. ':name', hash) or '', '^%S+')
    if kept ~= name then
      redis.call('ZADD', S .. ':doomed', now, name)
      return 0
    end
  elseif redis.call('ZSCORE', S .. ':doomed', name) then
    return 0
  else
    redis.call('HSET', S .. ':name', hash, name .. ' ' .. size)
    redis.call('HSET', S .. ':location', hash, 'offload')
  end
  tag_value(tag, hash)
  return 1
end

local reply = {'OK'}
for at = 8, #ARGV, 3 do
  reply[#reply + 1] = commit(ARGV[at], ARGV[at + 1], ARGV[at + 2])
end
return reply
