-- Does a claim hold? The queue's keys are named here since an object store has a prefix of its own.
local function claim_holds(Q, worker, session, id, attempt)
  return redis.call('HGET', Q .. ':worker:session', worker) == session
    and redis.call('HGET', Q .. ':worker:task', worker) == id
    and redis.call('HGET', Q .. ':task:attempt', id) == attempt
    and redis.call('HGET', Q .. ':task:status', id) == 'RUNNING'
end
