"""How far random walks get: a study that is interrupted, begun again, and extended."""
