"""Pictures: small functions from figures to inline SVG, each readable without a legend, a script or a stylesheet's help
but for its colours.

A picture has a title that says what it shows and a description with its main figures, for those who cannot see it;
what a part stands for is in the part's own title. Texts are escaped here, hidden characters spelled out.
"""

from order_audit.reports.diagrams.bars import bars
from order_audit.reports.diagrams.bitmap import bitmap, extremes
from order_audit.reports.diagrams.histogram import histogram

__all__ = ["bars", "bitmap", "extremes", "histogram"]
