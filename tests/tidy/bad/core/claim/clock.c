/* time() in a comment and "fopen(" in a string are no calls; a handed-in clock is none either. */
long
now(long (*clock)(void))
{
	const char *words = "fopen(path)";
	long sum = clock();
	sum += time(0);
	sum += fopen(words, "r") != 0;
	sum += (long)pthread_self();
	return sum;
}
