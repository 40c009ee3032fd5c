"""What writes batches of sites in each format; `clustergeo._writers` chooses."""
