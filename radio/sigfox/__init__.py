"""The Sigfox link layer: bits to messages and back. Pure: no clock, file, socket or log.

Source: the public descriptions and open implementations of the link; nothing is taken from the
official radio specification.
"""
