"""Systematic deviations for groups: who treats people with a characteristic differently than the peers do?"""
