-- Write down what a running task tells of itself, and answer how its claim stands.
-- ARGV: Q, W, session, T, attempt, then (field, value) …: progress, pid, logfile, checkpoint (H; bytes or '' follow)
-- Returns: {HELD, CANCEL (it was asked to stop) or GONE, nothing written; offload name … to delete}
-- Law: only the current attempt under its session writes.
-- include: keys clock object drop
local W, id = ARGV[2], ARGV[4]
local held = redis.call('HGET', key('worker:session'), W) == ARGV[3]
  and redis.call('HGET', key('worker:task'), W) == id
  and redis.call('HGET', key('task:attempt'), id) == ARGV[5]
  and redis.call('HGET', key('task:status'), id) == 'RUNNING'
if not held then
  return {'GONE'}
end

local names = {}
local function keep_checkpoint(hash, bytes)
  local root = redis.call('HGET', key('task:moved_root'), id) or id
  local tag = root .. ':checkpoint'
  if redis.call('HGET', key('task:checkpoint'), root) == hash then
    return
  end
  if bytes ~= '' then
    store_value(tag, hash, bytes)
  else
    tag_value(tag, hash)
  end
  keep_only(hash, tag, names)
  redis.call('HSET', key('task:checkpoint'), root, hash)
end

local at = 6
while at <= #ARGV do
  if ARGV[at] == 'checkpoint' then
    keep_checkpoint(ARGV[at + 1], ARGV[at + 2])
    at = at + 3
  else
    redis.call('HSET', key('task:' .. ARGV[at]), id, ARGV[at + 1])
    at = at + 2
  end
end
return {redis.call('HEXISTS', key('task:cancel'), id) == 1 and 'CANCEL' or 'HELD', unpack(names)}
