"""Detectors of goal misgeneralization, one file each, found by name: each ends in
`DETECTOR = Detector(...)`.
"""
