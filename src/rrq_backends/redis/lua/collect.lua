-- Find offload names to delete: doomed ones that may still be there, and old ones that nothing refers to.
-- ARGV: S, name … (names that have lain in the offload for a day or longer)
-- Returns: names to delete
-- Law: no name that a value refers to is given up; a name that was given up is not used again for a day.
-- include: store clock
local DAY = 86400
redis.call('SET', S .. ':collected', now)
for at = 2, #ARGV do
  local hash = string.match(ARGV[at], '^(%x+)%-?%d*$')
  local kept = hash and string.match(redis.call('HGET', S .. ':name', hash) or '', '^%S+')
  if hash and kept ~= ARGV[at] and not redis.call('ZSCORE', S .. ':doomed', ARGV[at]) then
    redis.call('ZADD', S .. ':doomed', now, ARGV[at])
  end
end
local names = redis.call('ZRANGE', S .. ':doomed', 0, 999)
redis.call('ZREMRANGEBYSCORE', S .. ':doomed', '-inf', after(-DAY))
return names
