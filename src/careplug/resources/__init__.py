"""Resources: entities of plugins with list, detail, form and actions, for whoever shows them. No code in the plugin.

``unit.get(Resources)`` is the service; a surface (the command line, Flask) asks it for fields, rows and rights, and hands
over what people typed.
"""

from __future__ import annotations

from careplug.resources.fields import FieldInfo, describe, field_of, value_at
from careplug.resources.service import Resources
from careplug.resources.values import as_data, parse, plain_value

__all__ = ["FieldInfo", "Resources", "as_data", "describe", "field_of", "parse", "plain_value", "value_at"]
