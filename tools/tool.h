/* tool: what the files of the `tulou` command share. */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct command {
    const char *name, *arguments, *about;
    int (*run)(int argc, char **argv); /* argv[0] is the command's own name */
};

int serve_command(int argc, char **argv);
int start_command(int argc, char **argv);
int stop_command(int argc, char **argv);
int migrate_command(int argc, char **argv);
int config_command(int argc, char **argv);
int model_command(int argc, char **argv);
int openapi_command(int argc, char **argv);
int texts_command(int argc, char **argv);
int site_command(int argc, char **argv);
int audit_command(int argc, char **argv);
int doctor_command(int argc, char **argv);
int bootstrap_command(int argc, char **argv);
int key_command(int argc, char **argv);

/* ---- folders.c: where things are, and as whom they run ---- */
struct account {
    uid_t uid;
    gid_t gid;
    gid_t also;    /* besides its own group; 0: none */
    char name[64]; /* of the account that programs run as */
    bool change;   /* started as root: children change to it */
};
/* Makes every path absolute, finds the account, makes TULOU_VAR and its
 * folders. false: one line was printed that says what to do. */
bool folders_prepare(struct account *account);
char *var_path(const char *below);     /* heap: TULOU_VAR/below */
char *share_path(const char *below);   /* heap */
char *project_path(const char *below); /* heap: beside the program's own folder */
bool folder_make(const char *path, const struct account *account, mode_t mode);
/* Whom the embedded database belongs to. Started as root an account of its own
 * (TULOU_USER-db), so that no area reaches the files or the owner role; else the same.
 * false: printed. */
bool account_of_database(const struct account *areas, struct account *out);
/* In a child: gives up root for good. */
bool account_become(const struct account *account);

/* ---- cluster.c: the embedded PostgreSQL ---- */
/* Makes it for the account `own` when there is none, takes over one that was the areas',
 * and writes its settings. false: printed. */
bool cluster_prepare(const struct account *areas, const struct account *own);
char **cluster_arguments(void);
/* Waits, and says so, as long as processes of one that was killed are still there. */
bool cluster_await_old(void);
/* Waits until it answers, makes the database, writes run/db.conninfo. */
bool cluster_wait(void);
/* The owner's connection string: of the embedded cluster or DATABASE_URL. */
char *owner_conninfo(void);

/* ---- database.c ---- */
/* Brings the database up to date, with all that goes with it (db/migrate.h), and gives
 * a key that was made to the account. adopt: see struct migration. */
bool database_migrate(const struct account *account, bool adopt, FILE *out, const char **problem);

/* ---- server.c: the server of DATABASE_URL ---- */
/* Waits a while until it answers and sees that it is of version `oldest` or
 * newer. false: printed. */
bool server_wait(int oldest);
/* Why a connection or its last command failed, in one line (static memory). */
const char *server_problem(const PGconn *pg);
/* run/db.conninfo, for the areas: where the database is, without the owner's name and
 * password, and on a second line what follows the names of the roles (db/installation.h). */
bool server_write_conninfo(void);

/* ---- site.c: nginx ---- */
bool site_write(const char *path);

/* ---- children.c: processes that are kept alive ---- */
typedef bool child_ready(void);
/* Starts argv as the account, its output to log/<name>.log. */
bool child_start(const char *name, char **argv, int stop_signal, const struct account *account);
/* Waits for signals and deaths until INT or TERM; restarts what dies. */
void children_watch(void);
/* One turn of at most `ms`; false when the end was asked for or a child that
 * may not die did. */
bool children_turn(int ms);
/* One that died four times in a row, NULL: none. */
const char *children_failing(void);
/* Stops them in the opposite order of their start. */
void children_stop(void);
void children_block_signals(void);

/* Runs a program to its end as the account; its exit status, output to log/. */
int run_program(char **argv, const struct account *account, const char *log);

/* One line on standard error that begins with "tulou: ". Returns false. */
bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
