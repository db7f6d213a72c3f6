"""More vocabulary of level generators: rooms, tunnels, caves, rivers, arenas, locks, prefabs,
pictures continued.

As in `layout`, every word is a rule on one record, draws only from that record's stream, keeps a
border of wall, and is sound on every size from 3x3. `wall` and `floor` are numbers of tiles. What a
word digs is connected unless it says otherwise; `join` and `keep` mend what is not.
"""

from .carving import BOTH as BOTH
from .carving import SIDEWAYS as SIDEWAYS
from .carving import SYMMETRIES as SYMMETRIES
from .carving import TURNED as TURNED
from .carving import UPRIGHT as UPRIGHT
from .carving import arena as arena
from .carving import bsp as bsp
from .carving import caves as caves
from .carving import drunkard as drunkard
from .carving import mirror as mirror
from .carving import river as river
from .carving import rooms as rooms
from .carving import scatter_apart as scatter_apart
from .carving import tunnels as tunnels
from .pictures import KEEP as KEEP
from .pictures import collapse as collapse
from .pictures import prefab as prefab
from .pictures import settle as settle
from .pictures import stamp as stamp
from .ways import cell_at as cell_at
from .ways import dig as dig
from .ways import join as join
from .ways import keep as keep
from .ways import locks as locks
