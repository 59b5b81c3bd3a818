"""Generated protocols and records, on which every engine must agree with the naive evaluator."""
