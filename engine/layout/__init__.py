"""The vocabulary of level generators: fill, maze, scatter, pick a free cell, ensure that places are
connected.

Every word is a rule on one record and draws only from that record's stream. Mazes keep a border of
wall and put their rooms on odd cells, so they look right on odd sizes and stay sound on even ones.
Generators may allocate small scratch arrays (levels are made rarely; steps, which run always,
allocate nothing).
"""

from .laying import BLOCKS as BLOCKS
from .laying import EDGES as EDGES
from .laying import NOISE as NOISE
from .laying import OPEN as OPEN
from .laying import STYLES as STYLES
from .laying import TREE as TREE
from .laying import blocks as blocks
from .laying import border as border
from .laying import box as box
from .laying import coins as coins
from .laying import corridor as corridor
from .laying import edges as edges
from .laying import fill as fill
from .laying import fraction as fraction
from .laying import ground as ground
from .laying import noise as noise
from .laying import platforms as platforms
from .laying import replace as replace
from .laying import toss as toss
from .laying import tree as tree
from .laying import walls as walls
from .places import choose as choose
from .places import clear_cell as clear_cell
from .places import connect as connect
from .places import deal as deal
from .places import free as free
from .places import free_cell as free_cell
from .places import listed as listed
from .places import pair as pair
from .places import reach as reach
from .places import reaches as reaches
from .places import scatter as scatter
from .places import strew as strew
from .turning import turn as turn
from .turning import turned as turned
from .turning import unturned as unturned
