/* home: where the one signed in begins, for areas. */
#include "page/page_parts.h"

const char *page_home(struct cx *cx)
{
    return frame_home(cx);
}
