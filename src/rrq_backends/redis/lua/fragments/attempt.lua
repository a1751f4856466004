-- include: keys clock
-- The history of attempts: a line for each that did not end its task well at once.
local function note_attempt(id, status, error, ended)
  redis.call('RPUSH', task_key(id, 'attempts'), cjson.encode({
    attempt = tonumber(redis.call('HGET', key('task:attempt'), id)) or 0,
    worker = redis.call('HGET', key('task:worker'), id) or '',
    start = redis.call('HGET', key('task:time_start'), id) or now,
    ['end'] = ended or now,
    status = status,
    error = error,
  }))
end
