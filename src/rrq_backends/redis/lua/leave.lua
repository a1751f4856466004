-- Sign a worker off.
-- ARGV: Q, W, session, status, reason, idle 0/1, log cap, (command, message) …
-- Returns: {'OK', dependents left to release} or {'FENCED'}
-- Law: the same call again answers OK; what the worker held is decided by on_lost; with idle=1 it is the ghost of a step
--   that was sent twice: back to the front, or CANCELLED if it was asked to stop, and that attempt is not counted.
-- include: keys clock wake object end_task enqueue release attempt lose worker_log reason
local W, status = ARGV[2], ARGV[4]
if redis.call('HGET', key('worker:session'), W) ~= ARGV[3] then
  local left_before = redis.call('HGET', key('worker:left'), W) == ARGV[3]
  return left_before and {'OK', redis.call('SCARD', key('task:releasing'))} or {'FENCED'}
end
redis.call('HSET', key('worker:left'), W, ARGV[3])
local held = redis.call('HGET', key('worker:task'), W)
if ARGV[6] == '1' and held and redis.call('HGET', key('task:status'), held) == 'RUNNING' then
  redis.call('HINCRBY', key('task:attempt'), held, -1)
  redis.call('HDEL', key('task:worker'), held)
  redis.call('HDEL', key('task:time_start'), held)
  redis.call('HDEL', key('worker:task'), W)
  if redis.call('HEXISTS', key('task:cancel'), held) == 0 then
    enqueue(held, true)
  else
    give_reason(held, 'cancelled', '')
    end_and_release(held, 'CANCELLED')
  end
elseif held then
  settle(W, status == 'LOST' and 'lost' or 'left', ARGV[5] == '' and W or W .. ': ' .. ARGV[5])
end
sign_off(W, status)
local lines = {}
for at = 8, #ARGV, 2 do
  lines[#lines + 1] = now .. ' ' .. ARGV[at] .. ' ' .. ARGV[at + 1]
end
write_log(W, tonumber(ARGV[7]), lines)
return {'OK', redis.call('SCARD', key('task:releasing'))}
