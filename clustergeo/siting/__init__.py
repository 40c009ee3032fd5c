"""Where to go: what falls out and why, what counts how much, and how stable the order is."""

from clustergeo.siting.exclusions import Exclusions as Exclusions
