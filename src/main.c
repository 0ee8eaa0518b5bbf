#include "cli.h"
#include "log.h"

int main(int argc, char **argv)
{
    int code = cli_main(argc, argv);

    log_settle(1);
    return code;
}
