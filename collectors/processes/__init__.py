"""The collector of processes: tree, classifier, signatures, instances."""
