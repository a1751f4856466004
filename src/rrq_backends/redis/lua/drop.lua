-- Take tags away; values that no tag points at any more go.
-- ARGV: S, tag …
-- Returns: {{H …} that are gone, {offload name …} to delete}
-- Law: a value lives exactly as long as a tag points at it; its offload name is doomed in the same step.
-- include: store clock drop
local gone, names = {}, {}
for at = 2, #ARGV do
  drop_tag(ARGV[at], gone, names)
  redis.call('ZREM', S .. ':provisional', ARGV[at])
end
return {gone, names}
