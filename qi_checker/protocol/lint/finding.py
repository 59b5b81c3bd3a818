"""What a rule of the linter yields."""

from __future__ import annotations

from qi_checker.protocol.models import Requirement
from qi_checker.protocol.yaml_nodes import Steps

Finding = tuple[Steps, str, str]  # where in the file, what is suspicious, and why
Leaf = tuple[Steps, Requirement]  # a requirement, and where it stands
