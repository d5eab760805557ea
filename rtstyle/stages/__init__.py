"""What is done to frames on their way, apart from the network itself."""
