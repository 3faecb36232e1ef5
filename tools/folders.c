/* folders: where things are, and as whom they run. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/config.h"
#include "tool.h"

static char *joined(const char *folder, const char *below)
{
    struct buf path = {0};
    buf_printf(&path, "%s%s%s", folder, *below ? "/" : "", below);
    return path.data;
}

static char *absolute(const char *path)
{
    char here[PATH_MAX];
    if (path[0] == '/')
        return strdup(path);
    return getcwd(here, sizeof here) ? joined(here, path) : NULL;
}

char *var_path(const char *below)
{
    return joined(config_text(CONFIG_TULOU_VAR), below);
}

char *share_path(const char *below)
{
    return joined(config_text(CONFIG_TULOU_SHARE), below);
}

/* The program is build/tulou or lib/tulou/tulou: its folder's own things. */
char *project_path(const char *below)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return joined(path, below);
}

static bool find_account(struct account *account)
{
    *account = (struct account){.uid = getuid(), .gid = getgid()};
    struct passwd *entry = getpwuid(account->uid);
    if (account->uid != 0) {
        snprintf(account->name, sizeof account->name, "%s", entry ? entry->pw_name : "tulou");
        return true;
    }
    entry = getpwnam(config_text(CONFIG_TULOU_USER));
    if (!entry)
        return complain("there is no account \"%s\" to run as: make install-packages creates it, "
                        "or set TULOU_USER",
                        config_text(CONFIG_TULOU_USER));
    *account = (struct account){.uid = entry->pw_uid, .gid = entry->pw_gid, .change = true};
    snprintf(account->name, sizeof account->name, "%s", entry->pw_name);
    return true;
}

bool account_of_database(const struct account *areas, struct account *out)
{
    *out = *areas;
    if (!areas->change)
        return true;
    if (snprintf(out->name, sizeof out->name, "%.60s-db", areas->name) < 0)
        return false;
    const struct passwd *entry = getpwnam(out->name);
    if (!entry)
        return complain(
            "there is no account \"%s\" for the database: make install-packages creates "
            "it, or useradd --system %s",
            out->name, out->name);
    out->uid = entry->pw_uid;
    out->gid = entry->pw_gid;
    out->also = areas->gid;
    return true;
}

/* Started as root: of root, and the group of the areas makes its files in it. With the
 * sticky bit nobody moves what is another's: neither the cluster nor its socket. */
static bool folder_share(const char *path, const struct account *account)
{
    struct stat info;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return complain("%s cannot be made: %s", path, strerror(errno));
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return complain("%s is no folder", path);
    if (info.st_uid != 0 && info.st_uid != account->uid)
        return complain("%s belongs to another account: run as its owner, or chown -R %s %s", path,
                        account->name, path);
    if (chown(path, 0, account->gid) != 0 || chmod(path, S_ISVTX | 0770) != 0)
        return complain("%s cannot be given to %s: %s", path, account->name, strerror(errno));
    return true;
}

bool folder_make(const char *path, const struct account *account, mode_t mode)
{
    struct stat info;
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return complain("%s cannot be made: %s", path, strerror(errno));
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return complain("%s is no folder", path);
    if (info.st_uid == account->uid)
        return true;
    if (info.st_uid != 0 || getuid() != 0)
        return complain("%s belongs to another account: run as its owner, or chown -R %s %s", path,
                        account->name, path);
    if (chown(path, account->uid, account->gid) != 0)
        return complain("%s cannot be given to %s: %s", path, account->name, strerror(errno));
    return true;
}

bool account_become(const struct account *account)
{
    if (!account->change)
        return true;
    bool grouped = account->also ? setgroups(1, &account->also) == 0
                                 : initgroups(account->name, account->gid) == 0;
    return grouped && setgid(account->gid) == 0 && setuid(account->uid) == 0;
}

/* Every folder above must be open to the account: say which is not. */
static bool reachable(const char *path, const struct account *account)
{
    struct stat info;
    char part[PATH_MAX];
    for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
        if (stat(part, &info) != 0)
            return true; /* what is missing is complained of by whoever reads it */
        mode_t needed = info.st_uid == account->uid   ? S_IXUSR
                        : info.st_gid == account->gid ? S_IXGRP
                                                      : S_IXOTH;
        if (!(info.st_mode & needed))
            return complain("the account %s cannot enter %s: move the project, or chmod o+x it",
                            account->name, part);
    }
    return true;
}

/* What is missing above TULOU_VAR, for everybody to enter as far as the umask lets. */
static bool make_above(const char *path)
{
    struct stat info;
    char part[PATH_MAX];
    for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return complain("%s, above TULOU_VAR, cannot be made: %s", part, strerror(errno));
        if (stat(part, &info) == 0 && !S_ISDIR(info.st_mode))
            return complain("%s, above TULOU_VAR, is no folder", part);
    }
    return true;
}

/* Paths go into the settings of nginx and PostgreSQL and into connection strings,
 * where these mean something, however they are quoted. */
static bool is_plain(const char *variable, const char *path)
{
    static const char special[] = "\"'\\$:,";
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f || strchr(special, *c))
            return complain("the path of %s may hold no control character and none of %s: choose "
                            "another",
                            variable, special);
    return true;
}

/* Installed, what is read stands in share/tulou beside lib/tulou. */
static bool use_installed_share(void)
{
    char *path = project_path("../../share/tulou");
    bool installed = !getenv("TULOU_SHARE") && !getenv("TULOU_SHARE_FILE");
    installed = installed && access(path, R_OK | X_OK) == 0;
    bool good = !installed || setenv("TULOU_SHARE", path, 1) == 0;
    free(path);
    return good;
}

static bool use_absolute(const char *variable, enum config_key key)
{
    char *path = absolute(config_text(key));
    bool set = path && setenv(variable, path, 1) == 0;
    free(path);
    return set;
}

/* What root writes itself, if it was another's before: in a folder with the sticky bit it
 * may not even be opened (fs.protected_regular). */
static void take_own_files(void)
{
    static const char *const files[] = {"run/serve.lock", "run/ready",     "run/db.conninfo",
                                        "run/nginx.conf", "log/serve.log", "log/migrate.log"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = var_path(files[i]);
        if (lchown(path, 0, 0) != 0 && errno != ENOENT)
            complain("%s cannot be taken over: %s", path, strerror(errno));
        free(path);
    }
}

static bool make_folders(const struct account *account)
{
    static const struct {
        const char *below;
        bool shared; /* with the account of the database */
    } all[] = {{"", true},           {"run", true},    {"log", true},
               {"run/nginx", false}, {"files", false}, {"mail", false}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char *path = var_path(all[i].below);
        bool made = account->change && all[i].shared ? folder_share(path, account)
                                                     : folder_make(path, account, 0700);
        free(path);
        if (!made)
            return false;
    }
    if (account->change)
        take_own_files();
    return true;
}

bool folders_prepare(struct account *account)
{
    const char *problem;
    if (!use_installed_share() || !config_load(&problem) ||
        !use_absolute("TULOU_VAR", CONFIG_TULOU_VAR) ||
        !use_absolute("TULOU_SHARE", CONFIG_TULOU_SHARE) || !config_load(&problem))
        return complain("the current folder cannot be read");
    if (!is_plain("TULOU_VAR", config_text(CONFIG_TULOU_VAR)) ||
        !is_plain("TULOU_SHARE", config_text(CONFIG_TULOU_SHARE)))
        return false;
    if (!find_account(account))
        return false;
    if (strlen(config_text(CONFIG_TULOU_VAR)) > 80)
        return complain("the path of TULOU_VAR is longer than 80 bytes, too long for sockets: "
                        "choose a shorter one");
    if (!make_above(config_text(CONFIG_TULOU_VAR)) ||
        !reachable(config_text(CONFIG_TULOU_VAR), account) ||
        !reachable(config_text(CONFIG_TULOU_SHARE), account))
        return false;
    return make_folders(account);
}
