/* The commands of `fundwatch`.  Each takes its own words (argv[0] is the command's name) and gives the exit code of
 * the program: sysexits, and 1 where an option asks for it. */
#ifndef FW_COMMANDS_H
#define FW_COMMANDS_H

int command_check(int argc, char **argv);
int command_test(int argc, char **argv);
int command_fmt(int argc, char **argv);
int command_doc(int argc, char **argv);
int command_coverage(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_params(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_cost(int argc, char **argv);
int command_archive(int argc, char **argv);
int command_generate(int argc, char **argv);
int command_watch(int argc, char **argv);

#endif
