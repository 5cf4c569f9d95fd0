/* Money in floating point: floor as a name is no call. */
long
round_it(long fen)
{
	double yuan = fen / 100.0;
	long floor = 0;
	return llround(yuan) + floor;
}
