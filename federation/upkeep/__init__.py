"""Puts right what was lost between a group and its members' servers: memberships that differ, missed posts."""
