/* What was meant to be done. */
/* TODO: everything */
static const char *const where = "/home/user/data";
