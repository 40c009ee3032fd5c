"""Where to go: what falls out and why, what counts how much, and how stable the order is."""

from clustergeo.siting.candidates import assemblies as assemblies
from clustergeo.siting.candidates import grid as grid
from clustergeo.siting.choice import choose as choose
from clustergeo.siting.comparing import compare as compare
from clustergeo.siting.criteria import Criteria as Criteria
from clustergeo.siting.exclusions import Exclusions as Exclusions
from clustergeo.siting.ordinances import Ordinances as Ordinances
from clustergeo.siting.ordinances import read_ordinances as read_ordinances
from clustergeo.siting.ranking import Ranking as Ranking
from clustergeo.siting.scenario import read_scenario as read_scenario
from clustergeo.siting.values import Value as Value
from clustergeo.siting.weighting import ahp as ahp
