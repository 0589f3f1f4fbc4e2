"""A synthetic world with the tables of the study: all members, clients and contracts are invented."""
