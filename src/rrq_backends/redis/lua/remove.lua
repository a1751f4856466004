-- Take PENDING tasks out of a queue list: they are CANCELLED.
-- ARGV: Q, call id, N, T …
-- Returns: {dependents left to release, 1/0 for each}
-- Law: a removed task has ended, so that nobody waits for it for ever; the same call again answers 1 again.
-- include: keys end_task release unqueue reason
local name = ARGV[3]
local reply, out, left = {0}, {}, redis.call('SCARD', key('task:releasing'))
for at = 4, #ARGV do
  local id = ARGV[at]
  local status = redis.call('HGET', key('task:status'), id)
  local here = status == 'PENDING' and redis.call('HGET', key('task:queue'), id) == name
  local reason = not here and redis.call('HGET', key('task:reason'), id)
  if here then
    out[#out + 1] = id
  end
  local seen = reason and cjson.decode(reason).call == ARGV[2]
  reply[#reply + 1] = (here or seen) and 1 or 0
end
for _, id in ipairs(out) do
  if redis.call('HGET', key('task:status'), id) == 'PENDING' then
    give_reason(id, 'removed', name, ARGV[2])
    left = end_and_release(id, 'CANCELLED')
  end
end
unqueue(name, out)
reply[1] = left
return reply
