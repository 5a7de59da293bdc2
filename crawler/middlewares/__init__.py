"""What every request and response passes on its way: the guard, and robots.txt."""
