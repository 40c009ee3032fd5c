"""Rules of support as cited data, held against tagged sites on a day."""

from clustergeo.policy.amounts import Amount as Amount
from clustergeo.policy.amounts import infrastructure_support as infrastructure_support
from clustergeo.policy.amounts import tax_credit as tax_credit
from clustergeo.policy.applicant import Applicant as Applicant
from clustergeo.policy.applying import explain_rules as explain_rules
from clustergeo.policy.applying import rules_for as rules_for
from clustergeo.policy.places import load_designations as load_designations
from clustergeo.policy.programmes import load_benchmarks as load_benchmarks
from clustergeo.policy.programmes import load_budgets as load_budgets
from clustergeo.policy.programmes import load_contradictions as load_contradictions
from clustergeo.policy.programmes import programme_tree as programme_tree
from clustergeo.policy.rulefiles import load_rules as load_rules
from clustergeo.policy.rules import Rule as Rule
from clustergeo.policy.rules import listing as listing
