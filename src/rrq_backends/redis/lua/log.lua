-- Add lines to a worker's log, with the server's time.
-- ARGV: Q, W, session, cap, (child pid or '', command, message) …
-- Returns: 'OK' or 'FENCED'
-- Law: only the session writes its log. The one script whose second run shows: a line may stand twice.
-- include: keys clock worker_log
if redis.call('HGET', key('worker:session'), ARGV[2]) ~= ARGV[3] then
  return 'FENCED'
end
local lines = {}
for at = 5, #ARGV, 3 do
  local stamp = ARGV[at] == '' and now or now .. '/' .. ARGV[at]
  lines[#lines + 1] = stamp .. ' ' .. ARGV[at + 1] .. ' ' .. ARGV[at + 2]
end
write_log(ARGV[2], tonumber(ARGV[4]), lines)
return 'OK'
