-- The prefix of an object store that stands for itself; the queue's own store has its prefix from the fragment `keys`.
local S = ARGV[1]
