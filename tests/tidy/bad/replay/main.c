static const struct command command[] = {
	{"check", 0},
};
