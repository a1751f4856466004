-- Delete tasks with their chains and all that belongs to them.
-- ARGV: Q, even running 0/1, even needed 0/1, T … (250 at most)
-- Returns: {'OK', {T …}, {H …} that nobody uses any more, {offload name …} to delete}; or, nothing deleted:
--   {'RUNNING', T …}, {'NEEDED', T, D}; {'AGAIN'}: dependents are left to release, go on with `release` and come back
-- Law: no field of a deleted chain is left; who needed it is IMPOSSIBLE, who watched it is told MISSING.
-- include: keys release erase
local MOST_INHERITORS = 500

local ids, inside = {}, {}
for at = 4, #ARGV do
  for _, id in ipairs(chain_of(ARGV[at])) do
    if not inside[id] then
      inside[id] = true
      ids[#ids + 1] = id
    end
  end
end
if #ids == 0 then
  return {'OK', {}, {}, {}}
end

local running, outside = {}, {}
for _, id in ipairs(ids) do
  if redis.call('SISMEMBER', key('task:releasing'), id) == 1 then
    return {'AGAIN'}
  end
  if ARGV[2] == '0' and redis.call('HGET', key('task:status'), id) == 'RUNNING' then
    running[#running + 1] = id
  end
  for _, child in ipairs(redis.call('SMEMBERS', task_key(id, 'depends:down'))) do
    if not inside[child] then
      if ARGV[3] == '0' and redis.call('HGET', key('task:status'), child) == 'DEFERRED' then
        return {'NEEDED', id, child}
      end
      outside[id] = true
      if ARGV[3] == '1' then
        break
      end
    end
  end
end
if #running > 0 then
  return {'RUNNING', unpack(running, 1, 100)}
end

-- Whoever outside waits for one of these fails with it; a full server refuses here, before anything is deleted.
local needed = {}
for id, _ in pairs(outside) do
  redis.call('HSET', key('task:status'), id, redis.call('HGET', key('task:status'), id))
  withdraw({id})
  redis.call('HSET', key('task:status'), id, 'CANCELLED')
  needed[#needed + 1] = id
end
if #needed > 0 and release({unpack(needed)}, MOST_INHERITORS) > 0 then
  for _, id in ipairs(needed) do  -- until the rest has been released, they have ended like any other
    give_reason(id, 'cancelled', '')
    end_task(id, 'CANCELLED')
  end
  return {'AGAIN'}
end

local gone, names = {}, {}
erase(ids, gone, names)
return {'OK', ids, gone, names}
